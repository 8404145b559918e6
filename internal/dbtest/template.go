package dbtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// A server's system tables take seconds to create, and a moment to copy, so each
// engine creates them once in this process.
var templates = struct {
	sync.Mutex
	folders map[string]string
}{folders: map[string]string{}}

// newData makes the data folder of a new server in its folder, by the installer or
// as a copy of what that has made before.
func newData(engine, folder string, installer *exec.Cmd) error {
	templates.Lock()
	defer templates.Unlock()
	data := filepath.Join(folder, "data")
	if template := templates.folders[engine]; template != "" {
		return copyFolder(template, data)
	}
	if err := runInstaller(installer); err != nil {
		return err
	}
	// MySQL gives each server an id, which must not be that of another.
	if err := os.Remove(filepath.Join(data, "auto.cnf")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent, err := newFolder(filepath.Dir(folder))
	if err != nil {
		return err
	}
	templates.folders[engine] = filepath.Join(parent, "data")
	return copyFolder(data, templates.folders[engine])
}

// copyFolder copies a folder with owners and modes.
func copyFolder(from, to string) error {
	if output, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copying %s: %w\n%s", from, err, output)
	}
	return nil
}

// removeTemplates removes what newData keeps.
func removeTemplates() {
	templates.Lock()
	defer templates.Unlock()
	for engine, template := range templates.folders {
		_ = os.RemoveAll(filepath.Dir(template)) // in the folder for temporary files
		delete(templates.folders, engine)
	}
}
