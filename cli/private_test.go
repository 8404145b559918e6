//go:build unix

package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatOthersMayGetAtIsRefused(t *testing.T) {
	parent := t.TempDir()
	if err := os.Chmod(parent, 0o777); err != nil { // the folders above do not matter
		t.Fatal(err)
	}
	create := func(name string, mode fs.FileMode, folder bool) string {
		path := filepath.Join(parent, name)
		var err error
		if folder {
			err = os.Mkdir(path, 0o700)
		} else {
			err = os.WriteFile(path, []byte("secret"), 0o600)
		}
		if err == nil {
			err = os.Chmod(path, mode)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := func(name, target string) string {
		path := filepath.Join(parent, name)
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	closed, open := create("closed", 0o700, true), create("open", 0o755, true)
	for name, c := range map[string]struct{ path, says string }{
		"a folder of one's own":                  {closed, ""},
		"a file of one's own":                    {create("file", 0o600, false), ""},
		"a file that nobody may change":          {create("readonly", 0o400, false), ""},
		"what is not there":                      {filepath.Join(parent, "nothing"), ""},
		"a link to a folder of one's own":        {link("to closed", closed), ""},
		"a folder that all may read":             {open, "(mode 0755); run 'chmod 700 " + open + "'"},
		"a folder that the group may change":     {create("group", 0o770, true), "chmod 700"},
		"a folder that all may only pass":        {create("pass", 0o711, true), "chmod 700"},
		"a file that all may read":               {create("shown", 0o644, false), "chmod 600"},
		"a file that the group may change":       {create("shared", 0o620, false), "chmod 600"},
		"a link to a folder that all may read":   {link("to open", open), "chmod 700 " + open},
		"a link to a link to one":                {link("far", filepath.Join(parent, "to open")), "chmod 700 " + open},
		"a link to a file that all may read":     {link("to shown", filepath.Join(parent, "shown")), "chmod 600"},
		"a link to nothing, which others may be": {link("to nothing", filepath.Join(parent, "nothing")), "no such file"},
	} {
		err := CheckPrivate("the thing", c.path)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestWhatBelongsToSomebodyElseIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give things to others")
	}
	parent := t.TempDir()
	theirs, ours, link := filepath.Join(parent, "theirs"), filepath.Join(parent, "ours"), filepath.Join(parent, "link")
	for _, folder := range []string{theirs, ours} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(ours, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{theirs, link} {
		if err := os.Lchown(path, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		err := CheckPrivate("the folder", path)
		if err == nil || !strings.Contains(err.Error(), "belongs to user 12345") || !strings.Contains(err.Error(), "chown -hR 0 "+path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if err := os.Chmod(theirs, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := MakePrivate("the folder", theirs); err == nil {
		t.Error("an empty folder of somebody else is taken")
	}
	if info, err := os.Stat(theirs); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("it was changed: %v, %v", info.Mode(), err)
	}
}

func TestAnEmptyFolderIsClosedAndAnyOtherRefused(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "data")
	if err := MakePrivate("the folder", folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := MakePrivate("the folder", folder); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	if err := writeSecret(filepath.Join(folder, "secret"), "x"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := MakePrivate("the folder", folder); err == nil {
		t.Error("a folder with something in it is taken")
	}
}

func TestASecretIsWrittenForItsOwnerOnly(t *testing.T) {
	folder := t.TempDir()
	path, elsewhere := filepath.Join(folder, "secret"), filepath.Join(folder, "elsewhere")
	for _, before := range []func() error{
		func() error { return nil },
		func() error { return os.Chmod(path, 0o644) },
		func() error { return os.WriteFile(elsewhere, nil, 0o644) },
		func() error { os.Remove(path); return os.Symlink(elsewhere, path) },
	} {
		if err := before(); err != nil {
			t.Fatal(err)
		}
		if err := writeSecret(path, "hidden"); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("got %v, %v", info.Mode(), err)
		}
	}
	if content, err := os.ReadFile(elsewhere); err != nil || len(content) != 0 {
		t.Errorf("it was written where a link led: %q, %v", content, err)
	}
}
