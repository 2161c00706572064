"""Places: the account and region that a call is made in."""

from typing import NamedTuple


class Place(NamedTuple):
    """An account and a region."""

    account: str = ""
    """The account's id; empty for the account of the gateway's own credentials."""
    region: str = ""
    """The region's name; empty for the configured region."""

    @property
    def text(self) -> str:
        """Both as a string, for keys and logs."""
        return f"{self.account}:{self.region}"


HOME = Place()
"""The gateway's own account in its configured region."""
