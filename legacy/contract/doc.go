// Package contract has what requests, answers and sessions of the old host have in common:
// names, formats, namespaces, its answer to an error, and what no library reads of its
// formats (JSV, and the references that .NET writes into XML).
package contract
