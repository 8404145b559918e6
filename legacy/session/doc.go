// Package session signs callers in and out, and tells who is signed in, as the old host did
// (facts 19 and 20).
package session
