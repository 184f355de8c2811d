-- A GET, a POST with a length, a chunked POST, in turns.
local turn = 0

init = function(args)
   local head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
   forms = {
      wrk.format(),
      head .. "Content-Length: 2\r\n\r\n20",
      head .. "Transfer-Encoding: chunked\r\n\r\n2\r\n20\r\n0\r\n\r\n",
   }
end

request = function()
   turn = turn % 3 + 1
   return forms[turn]
end
