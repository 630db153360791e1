"""Who belongs together: items that shared audio connects, directly or through others, are one group.

What belongs here: from pairs to groups. What does not: finding the pairs (`fingerprint.related`), storing them.
"""

from collections.abc import Iterable

from tagger_platform.store import library as store
from tagger_platform.store.database import Connection


def group_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The group of every item that is in a pair: the smallest item_id that it is connected with."""
    leader: dict[str, str] = {}

    def find(item: str) -> str:
        leader.setdefault(item, item)
        while leader[item] != item:
            leader[item] = leader[leader[item]]
            item = leader[item]
        return item

    for one, other in pairs:
        small, large = sorted((find(one), find(other)))
        leader[large] = small
    return {item: find(item) for item in leader}


def regroup(connection: Connection) -> None:
    """Bring every item's group up to date with the pairs: a new one may have joined two, a removed one have held them
    together."""
    before, now = store.groups(connection), group_of(store.related_pairs(connection))
    changed = {item: now.get(item) for item in before.keys() | now.keys() if before.get(item) != now.get(item)}
    store.write_groups(connection, changed)
