/** The part of parquetjs-lite that is used: its envelope reader. The package ships no types. */
declare module 'parquetjs-lite/lib/reader.js' {
  interface Int64 {
    /** Infinity beyond 2^53. */
    valueOf(): number
  }

  interface FileMetaData {
    num_rows: Int64 | number | null
    row_groups: {num_rows: Int64 | number | null}[] | null
  }

  interface EnvelopeReader {
    readHeader(): Promise<void>
    readFooter(): Promise<FileMetaData>
  }

  const library: {
    ParquetEnvelopeReader: new (
      read: (offset: number, length: number) => Promise<Buffer>,
      close: () => void,
      fileSize: number,
    ) => EnvelopeReader
  }
  export default library
}
