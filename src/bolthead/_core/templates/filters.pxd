from bolthead._core.templates.runtime cimport markup
