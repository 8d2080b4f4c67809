// Follows tt_metal/hw/inc/api/dataflow/dataflow_api.h @003978d2.
#pragma once

#include "shared/dataflow.h"
