-- A stand-in for REAPER's `gfx`: one window; `keys` are what getchar returns.

local fake_gfx = {}

function fake_gfx.new()
  local gfx = { w = 0, h = 0, x = 0, y = 0, mouse_x = -1, mouse_y = -1, mouse_cap = 0, keys = {}, drawn = {}, open = false }
  local function needs_window() assert(gfx.open, "there is no window to draw into") end
  function gfx.init(title, w, h, dock)
    assert(type(title) == "string" and w > 0 and h > 0 and dock == 0)
    gfx.w, gfx.h, gfx.open = w, h, true
  end
  function gfx.quit() gfx.open = false end
  function gfx.getchar() return table.remove(gfx.keys, 1) or (gfx.open and 0 or -1) end
  function gfx.setfont(n, face, size) assert(n >= 1 and type(face) == "string" and size > 0) end
  function gfx.set(r, g, b, a)
    for _, value in ipairs({ r, g, b, a }) do assert(value >= 0 and value <= 1) end
  end
  function gfx.rect(x, y, w, h, filled)
    needs_window()
    assert(x >= 0 and y >= 0 and x + w <= gfx.w and y + h <= gfx.h and filled == 1, "outside of the window")
  end
  function gfx.drawstr(text)
    needs_window()
    assert(gfx.x >= 0 and gfx.x < gfx.w and gfx.y >= 0 and gfx.y < gfx.h, "outside of the window")
    gfx.drawn[#gfx.drawn + 1] = text
  end
  function gfx.update() needs_window() end
  return gfx
end

return fake_gfx
