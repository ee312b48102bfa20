"""The settings and seeds: those that the detector was made with, and those held back until it was done."""

from typing import Final

from benchmarks.alerts.simulate import Setting

MADE_WITH: Final = (
    Setting("usual"),
    Setting("restless share", restless=(0.0005, 0.02)),
    Setting("dispersed", dispersion=(1.5, 5)),
    Setting("yearly season, steep trend", year=(0.1, 0.4), trend=(-0.7, 0.7), week=(0.1, 0.4)),
    Setting("long outbreaks", length=(3, 14), shapes=("log-normal",)),
    Setting("one year", days=365),
    Setting("much trouble", outbreaks=6, drifts=2),
    Setting("few reviews", level=(2, 20)),
    Setting("many reviews", level=(50, 300)),
    Setting("complaints on their own", together=False),
)
HELD_BACK: Final = (
    Setting("usual"),
    Setting("short and flat", length=(1, 4), shapes=("flat",)),
    Setting("long and flat", length=(5, 14), shapes=("flat",), size=(1, 6)),
    Setting("strong week", week=(0.4, 0.8)),
    Setting("calm, restless share", dispersion=(1.0, 1.2), restless=(0.0005, 0.01)),
    Setting("many sales", sales=8, dispersion=(1.0, 3.0)),
    Setting("all at once", dispersion=(1.0, 3.0), restless=(0.0005, 0.01), year=(0.0, 0.3), length=(1, 14), days=550),
)
SEEDS: Final = (1, 2, 3)
HELD_BACK_SEEDS: Final = (2001, 2002, 2003, 2004, 2005)
