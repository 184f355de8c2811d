-- A pause of a millisecond before each request, so that the number of connections sets the rate.
function delay()
   return 1
end
