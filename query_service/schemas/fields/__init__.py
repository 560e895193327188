"""What fields of requests and answers are made of: ids, numbers, texts, times, their patterns."""
