"""`python -m backbeat` is `backbeat`."""

from backbeat.cli.main import main

raise SystemExit(main())
