// Package legacy serves /ai/usage exactly as the host it replaces did
// (ServiceStack 6 on .NET), so that callers written against that host need not
// change. The contract is a list of numbered facts in docs/legacy-contract.md;
// comments here cite them as "fact N".
//
// The package is the door: it hands a request to the usage.Reporter it was given. What a
// request says is read by the room request, answers and errors are written to the byte by
// the room answer, and the room session begins and ends sessions. The room contract has the
// names and formats that they share. None of them knows of GraphQL or of databases.
package legacy
