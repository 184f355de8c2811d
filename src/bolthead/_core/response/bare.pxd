from bolthead._core.http.headers cimport bare_headers
from bolthead._core.primitives.objects cimport new

cpdef object bare_response(object cls, object status, object code, list pairs, object body)
