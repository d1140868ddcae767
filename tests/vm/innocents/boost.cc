// SPDX-License-Identifier: GPL-2.0
/*
 * boost - interval arithmetic with the real Boost.Interval, for ever
 *
 * default: as it comes: RU for both bounds, the lower one negated
 * std: RD for the lower bound, RU for the upper, and back after each operation
 * transcendental: exp, log, sin and the like of intervals
 */
#include <boost/numeric/interval.hpp>
#include <cstdio>
#include <cstring>

namespace bn = boost::numeric;
namespace lib = boost::numeric::interval_lib;

typedef bn::interval<double> Default;
typedef lib::policies<lib::save_state<lib::rounded_arith_std<double>>,
		      lib::checking_base<double>> Std_policy;
typedef bn::interval<double, Std_policy> Std;
typedef lib::policies<lib::save_state<lib::rounded_transc_std<double>>,
		      lib::checking_base<double>> Transc_policy;
typedef bn::interval<double, Transc_policy> Transc;

static volatile double sink;

template <class Interval>
static void logistic_map()
{
	Interval x(0.3);

	for (int i = 0; i < 100000; i++) {
		x = Interval(3.7) * x * (Interval(1.0) - x);
		if (bn::width(x) > 0.5)
			x = Interval(0.3);
	}
	sink = x.upper();
}

static void transcendental()
{
	Transc x(0.5, 0.51);

	for (int i = 0; i < 20000; i++) {
		x = bn::sin(x) + bn::exp(-bn::sqrt(bn::abs(x))) / Transc(2.0) + bn::log(Transc(1.1));
		if (bn::width(x) > 0.5)
			x = Transc(0.5, 0.51);
	}
	sink = x.upper();
}

int main(int argc, char **argv)
{
	void (*work)() = nullptr;

	if (argc == 2 && !std::strcmp(argv[1], "default"))
		work = logistic_map<Default>;
	else if (argc == 2 && !std::strcmp(argv[1], "std"))
		work = logistic_map<Std>;
	else if (argc == 2 && !std::strcmp(argv[1], "transcendental"))
		work = transcendental;
	if (!work) {
		std::fputs("usage: boost default|std|transcendental\n", stderr);
		return 2;
	}
	for (;;) {
		work();
		for (int i = 0; i < 200000; i++)
			sink = i * 0.1;
	}
}
