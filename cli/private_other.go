//go:build !unix

package cli

import "io/fs"

// Other systems have no owners and modes that could be looked at here.

func foreignOwner(fs.FileInfo) (owner string, foreign bool) { return "", false }

func currentUser() string { return "" }

func openTo(fs.FileInfo) fs.FileMode { return 0 }
