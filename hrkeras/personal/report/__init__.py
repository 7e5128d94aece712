"""One page of HTML that tells a person what their runs say: no network, no position, no name in it."""
