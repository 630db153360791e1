"""What can be found and seen in the log beyond its rows: search, and what sounds alike.

What belongs here: how text is compared, the search index kept up, ranking. What does not: SQL (`store`), runs (`defs`).
"""
