-- @noindex
-- Shows how far the jobs are: a small window with a Cancel button, or lines in REAPER's console.

local progress = {}

local WIDTH, ROW, MARGIN, BUTTON = 440, 22, 12, { w = 90, h = 24 }
local MOST_ROWS = 12
local ESCAPE, CLOSED = 27, -1
local PLAIN, BUTTON_TEXT = { 0.15, 0.15, 0.15 }, { 0.1, 0.1, 0.1 }

local Window = {}
Window.__index = Window

local function colour(rgb, alpha)
  gfx.set(rgb[1], rgb[2], rgb[3], alpha or 1)
end

local function text(x, y, words)
  gfx.x, gfx.y = x, y
  gfx.drawstr(words)
end

local function button_place(rows)
  return WIDTH - MARGIN - BUTTON.w, 2 * MARGIN + rows * ROW
end

local function rows_of(jobs)
  return math.min(#jobs, MOST_ROWS)
end

local function draw_job(n, job)
  local y = MARGIN + (n - 1) * ROW
  gfx.set(0.78, 0.82, 0.86, 1)
  gfx.rect(MARGIN, y, (WIDTH - 2 * MARGIN) * job.fraction, ROW - 4, 1)
  colour(PLAIN)
  text(MARGIN + 4, y + 2, ("%s: %s"):format(job.source.name, job.words))
end

-- The window may be closed; the work goes on without it.
function Window:show(jobs)
  if self.closed then return end
  local key = gfx.getchar()
  if key == CLOSED then
    self.closed = true
    return
  end
  gfx.set(0.93, 0.93, 0.93, 1)
  gfx.rect(0, 0, gfx.w, gfx.h, 1)
  for n = 1, rows_of(jobs) do draw_job(n, jobs[n]) end
  local x, y = button_place(rows_of(jobs))
  gfx.set(0.82, 0.82, 0.82, 1)
  gfx.rect(x, y, BUTTON.w, BUTTON.h, 1)
  colour(BUTTON_TEXT)
  text(x + 24, y + 5, "Cancel")
  gfx.update()
  local inside = gfx.mouse_x >= x and gfx.mouse_x <= x + BUTTON.w and gfx.mouse_y >= y and gfx.mouse_y <= y + BUTTON.h
  self.wants_cancel = key == ESCAPE or inside and gfx.mouse_cap & 1 == 1
end

function Window:close()
  if not self.closed then gfx.quit() end
  self.closed = true
end

local Console = {}
Console.__index = Console

-- One line when a job comes to another stage.
function Console:show(jobs)
  for n, job in ipairs(jobs) do
    if self.said[n] ~= job.words then
      self.said[n] = job.words
      reaper.ShowConsoleMsg(("Backbeat: %s: %s\n"):format(job.source.name, job.words))
    end
  end
end

function Console:close() end -- luacheck: ignore 212/self (a window has something to close)

-- setting: "window" or "console". It has `show(jobs)`, `close()` and the field `wants_cancel`.
function progress.open(setting, jobs)
  if setting == "console" then return setmetatable({ said = {} }, Console) end
  gfx.init("Backbeat", WIDTH, 3 * MARGIN + rows_of(jobs) * ROW + BUTTON.h, 0)
  gfx.setfont(1, "Arial", 14)
  return setmetatable({ closed = false }, Window)
end

return progress
