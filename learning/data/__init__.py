"""What is learned from and asked: files and logs in, rows of visits out."""
