"""Configuration: shipped defaults < file < environment < command line, into one frozen object."""
