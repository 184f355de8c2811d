local turn = 0
local paths = { "/json/1?m=3", "/json/5?m=7", "/json/10?m=2", "/json/15?m=5", "/json/25?m=4", "/json/40?m=8", "/json/50?m=6" }

request = function()
   turn = turn % #paths + 1
   return wrk.format("GET", paths[turn])
end
