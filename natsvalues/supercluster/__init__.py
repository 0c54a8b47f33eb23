"""What holds of a region's servers and of several regions together; every verb asks here and judges nothing itself."""
