"""Where a call is made: an account and a region of it."""

from typing import NamedTuple


class Place(NamedTuple):
    """An account and a region."""

    account: str = ""
    """Its id; empty for the account of the gateway's own credentials."""
    region: str = ""
    """Its name; empty for the configured one."""

    @property
    def text(self) -> str:
        """Both, for keys and logs."""
        return f"{self.account}:{self.region}"


HOME = Place()
"""The gateway's own account in its configured region."""
