package importer

// File is how a file was understood.
type File struct {
	Name   string
	Format Format
	// Delimiter stands between values; 0 where the format has none.
	Delimiter byte
	// Encoding is its name, such as utf-8.
	Encoding string
	// Compression is gzip, zstd or empty.
	Compression string
}

// Column is where the values of a column were read from.
type Column struct {
	Name string
	// From is its name in the files; empty for one that they do not have.
	From string
	// Constant is the value of one that is not read, which may be empty.
	Constant string
	// Milliseconds: it was read as such.
	Milliseconds bool
}

// understood is what was found out about the files, each once, in their order.
type understood struct {
	files []File
	known map[string]int
}

// add notes a file, or what is known of it now. Files may be looked at more than once.
func (u *understood) add(file File) {
	if at, known := u.known[file.Name]; known {
		u.files[at] = file
		return
	}
	if u.known == nil {
		u.known = map[string]int{}
	}
	u.known[file.Name] = len(u.files)
	u.files = append(u.files, file)
}

// columnsRead says where the columns that are stored, or stand for one, come from.
func columnsRead(columns []namedColumn) []Column {
	var read []Column
	instead := map[string]bool{}
	for _, column := range columns {
		instead[column.name] = column.extra && column.inFile != ""
	}
	for _, column := range columns {
		if column.extra && column.inFile == "" || column.instead != "" && instead[column.instead] {
			continue
		}
		read = append(read, Column{column.name, column.inFile, column.constant, column.milliseconds})
	}
	return read
}
