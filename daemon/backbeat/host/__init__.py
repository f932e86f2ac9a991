"""The user's drum plugin and effects: pedalboard (GPLv3) runs in a process of its own, and only that imports it."""
