"""Facts about the servers of one region and of several together: every command takes its verdicts from here."""
