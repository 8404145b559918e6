// Package answer writes reports, errors and answers to signing in as the old host did, to the
// byte, in each of its formats, and reads reports again as its callers do.
package answer
