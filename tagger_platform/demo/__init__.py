"""Radio stations made of nothing: music composed by code, put on air by real servers on this machine.

compose (the music, with `instruments`) -> radio (programmes, `rtsp` and `icy` servers). Nothing here is part of
logging airplay: it is the world outside, for `tagger demo` and for tests.
"""
