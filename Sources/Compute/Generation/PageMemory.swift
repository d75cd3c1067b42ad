internal import Glibc

/// The memory of a cache's pages. It grows by segments when a page is first used and is kept for the next generation.
final class PageMemory {
    let layout: CacheLayout
    private var segments: [UnsafeMutableRawPointer] = []
    private let pagesPerSegment: Int

    init(layout: CacheLayout) {
        self.layout = layout
        pagesPerSegment = max(1, PageMemory.segmentBytes / layout.pageBytes)
    }

    deinit {
        for segment in segments { free(segment) }
    }

    /// Bytes asked of the system so far.
    var bytes: Int { segments.count * pagesPerSegment * layout.pageBytes }

    /// The address of a page, valid while this object lives. Its first content is of no meaning.
    /// - Throws: `.outOfResources` when the system refuses the memory.
    func page(_ index: Int) throws(ComputeError) -> UnsafeMutableRawPointer {
        while index >= segments.count * pagesPerSegment { try grow() }
        let (segment, place) = index.quotientAndRemainder(dividingBy: pagesPerSegment)
        return segments[segment] + place * layout.pageBytes
    }

    private func grow() throws(ComputeError) {
        let bytes = pagesPerSegment * layout.pageBytes
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, 2 << 20, bytes) == 0, let memory else {
            throw ComputeError(
                .outOfResources, summary: "Cannot allocate \(bytes >> 20) MiB for keys and values.",
                detail: "The system refused the memory.", hint: "Use fewer slots or a lower byte limit of the cache.")
        }
        // Only advice: a kernel without huge pages answers with an error that changes nothing.
        _ = madvise(memory, bytes, MADV_HUGEPAGE)
        segments.append(memory)
    }

    private static let segmentBytes = 8 << 20
}
