"""What can be found and seen in the log beyond its rows: search by words and by meaning, and the sound map.

What belongs here: how text is compared, the search index kept up, vectors, ranking, the map. What does not: SQL
(`store`), runs (`defs`), and any import of torch, umap or the like at the top of a module: the api imports this folder.
"""
