"""Finding tracks, and seeing them: vectors of their words, the sound map, search.

What belongs here: what is made from tracks and their plays for people who look for something. What does not: SQL
(`store`), and any import of torch, umap or the like outside of a function that needs it: the api imports this folder.
"""
