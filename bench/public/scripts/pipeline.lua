-- Sixteen requests in one write.
init = function(args)
   local one = wrk.format()
   batch = string.rep(one, 16)
end

request = function()
   return batch
end
