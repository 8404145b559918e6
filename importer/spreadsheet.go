package importer

import (
	"archive/zip"
	"errors"
	"io"
	"slices"
	"strings"
)

// Spreadsheets are no text, and some are zip archives whose files are none either.
var (
	errExcel        = errors.New("is a spreadsheet of Excel; save it as CSV there (CSV UTF-8) and import that file")
	errOldOffice    = errors.New("is an old file of Microsoft Office, such as a spreadsheet .xls, or one with a password; save it as CSV there (CSV UTF-8) and import that file")
	errOpenDocument = errors.New("is an OpenDocument file, such as a spreadsheet .ods; save it as CSV there and import that file")
)

// compoundFile is how the files of Office before 2007 begin, and later ones with a password.
const compoundFile = "\xd0\xcf\x11\xe0"

// spreadsheetInZip tells whether an archive is a spreadsheet, by an error that completes a sentence.
func spreadsheetInZip(archive *zip.Reader) error {
	has := func(matches func(string) bool) bool {
		return slices.ContainsFunc(archive.File, func(f *zip.File) bool { return matches(f.Name) })
	}
	if has(func(name string) bool { return name == "[Content_Types].xml" }) && has(func(name string) bool { return strings.HasPrefix(name, "xl/") }) {
		return errExcel
	}
	if len(archive.File) > 0 && isOpenDocument(archive.File[0]) {
		return errOpenDocument
	}
	return nil
}

const openDocumentType = "application/vnd.oasis.opendocument."

// isOpenDocument tells whether the first file of an archive says that it is an OpenDocument file.
func isOpenDocument(first *zip.File) bool {
	content, err := first.Open()
	if err != nil {
		return false
	}
	defer content.Close()
	kind := make([]byte, len(openDocumentType))
	_, err = io.ReadFull(content, kind)
	return err == nil && string(kind) == openDocumentType
}
