// See core.h.
#pragma once

#include "fmt/core.h"
