"""The parts of the pages' benchmark: what is opened and done (`steps`), and when it is there (`drawing`)."""
