// Follows tt_metal/api/tt-metalium/work_split.hpp @22f21522.
#pragma once

#include <tuple>

#include "tt-metalium/host_api.hpp"

namespace tt::tt_metal {

// Units over cores, counts differing by at most one: (cores, all, larger share, smaller share,
// units of each); column-major unless `row_wise`.
std::tuple<uint32_t, CoreRangeSet, CoreRangeSet, CoreRangeSet, uint32_t, uint32_t>
split_work_to_cores(const CoreCoord& grid, uint32_t units, bool row_wise = false);

}  // namespace tt::tt_metal
