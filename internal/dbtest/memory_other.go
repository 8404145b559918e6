//go:build !linux

package dbtest

import "os"

// dataParent is where servers have their data.
func dataParent() string { return os.TempDir() }

// rooted is how programs run with root as their root.
func rooted(root string) place { return onDisk(root) }
