// Follows tt_metal/hw/inc/dataflow_api.h of API v1.
#pragma once

#include "shared/dataflow.h"
