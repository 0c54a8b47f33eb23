"""What is effective in live regions: what was seen of them as one plain record, and what is judged of it.

Gathering is one side, judging the other; a bundle is the record itself, so that both give the same findings.
"""
