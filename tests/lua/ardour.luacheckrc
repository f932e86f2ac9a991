-- For Ardour's action and the scripts that test it: luacheck --config tests/lua/ardour.luacheckrc integrations/ardour tests/*.lua
std = "lua53"
globals = { "ardour", "factory" }
read_globals = { "ARDOUR", "ArdourUI", "C", "Editing", "Editor", "LuaDialog", "Session", "Temporal", os = { fields = { "forkexec" } } }
max_line_length = 130
