-- For the scripts of REAPER and their tests: luacheck --config tests/lua/.luacheckrc integrations/reaper tests/lua
std = "lua54"
read_globals = { "reaper" }
globals = { "gfx" }
max_line_length = 130
