"""The shared looks: what several pages draw the same way.

What belongs here: colours, the frame of every page, cards, tables, empty and error states, harmless texts. What does
not: asking for data (`reads`, `api_client`).
"""
