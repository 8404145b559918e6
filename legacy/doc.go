// Package legacy serves /ai/usage exactly as the host it replaces did
// (ServiceStack 6 on .NET), so that callers written against that host need not
// change. The contract is a list of numbered facts in docs/legacy-contract.md;
// comments here cite them as "fact N".
//
// The package reads a request in any of the old formats, hands it to the
// usage.Reporter it was given, and writes the answer or the error to the byte.
// It knows nothing of GraphQL or of databases.
package legacy
