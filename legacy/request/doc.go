// Package request reads requests as the old host did: paths, query strings and headers, and
// bodies as XML, JSON, JSV, CSV and forms. Of puts together what is known of a request before
// its body is read; all else asks that. Whatever cannot be understood is a
// contract.ErrorResponse: a filter is never dropped or changed without a word.
package request
