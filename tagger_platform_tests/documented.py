"""What `.env.example` and the README's table of variables must be, made from the settings themselves.

`python -m tagger_platform_tests.documented` writes both.
"""

from pathlib import Path

from tagger_platform import stream_config
from tagger_platform.settings import VARIABLES

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- variables -->\n", "<!-- /variables -->"

ENV_HEAD = """\
# Copy this file to .env, uncomment what you want to change. A variable that is empty or missing has its default,
# which is the value shown. The environment itself wins over .env.

# --- streams: any number of them; streams.yaml (see STREAMS_FILE) can name more ---

"""
ENV_MIDDLE = "# --- everything else ---\n\n"


def env_example() -> str:
    """The whole text of `.env.example`."""
    streams = [f"# {text}\n#{name.replace('_n_', '_1_')}=\n" for name, text in stream_config.VARIABLES.items()]
    others = [f"# {variable.help}\n#{variable.name}={variable.default}\n" for variable in VARIABLES]
    return ENV_HEAD + "\n".join(streams) + "\n" + ENV_MIDDLE + "\n".join(others)


def readme_table() -> str:
    """The README's table, between its markers."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    rows += [f"| `{name}` | | {text} |" for name, text in stream_config.VARIABLES.items()]
    for variable in VARIABLES:
        default = f" `{variable.default}` " if variable.default else " "
        rows.append(f"| `{variable.name}` |{default}| {variable.help} |")
    return "\n".join(rows) + "\n"


def between_markers(readme: str) -> str:
    """What stands between the markers of a README's text."""
    return readme.partition(BEGIN)[2].partition(END)[0]


def main() -> None:
    (ROOT / ".env.example").write_text(env_example(), encoding="utf-8")
    path = ROOT / "README.md"
    readme = path.read_text(encoding="utf-8")
    head, _, rest = readme.partition(BEGIN)
    path.write_text(head + BEGIN + readme_table() + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
