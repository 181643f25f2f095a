"""`python -m cwlab` is `cwlab`."""

from cwlab.cli import main

raise SystemExit(main())
