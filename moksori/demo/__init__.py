"""An invented brand with its own shop, app and public posts, served from this machine, to try everything on."""
