"""The HTTP door: what other programs ask of the platform, and how the pages act on it.

What belongs here: routes, their parameters and the one error shape. What does not: SQL (`store`), drawing
(`streamlit_app`), capturing (`capture`, which is asked over its own port).
"""
