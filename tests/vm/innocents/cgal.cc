// SPDX-License-Identifier: GPL-2.0
/*
 * cgal - computational geometry with the real CGAL, for ever
 *
 * Its exact kernels compute in intervals first, all of them rounded up.
 */
#include <CGAL/Delaunay_triangulation_2.h>
#include <CGAL/Exact_predicates_exact_constructions_kernel.h>
#include <CGAL/Exact_predicates_inexact_constructions_kernel.h>
#include <CGAL/Interval_nt.h>
#include <CGAL/convex_hull_3.h>
#include <CGAL/Surface_mesh.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

typedef CGAL::Exact_predicates_inexact_constructions_kernel Epick;
typedef CGAL::Exact_predicates_exact_constructions_kernel Epeck;

static volatile double sink;

static double uniform()
{
	return std::rand() / (RAND_MAX + 1.0);
}

/* Constructs lazily: each number is an interval until somebody asks. */
static void hull()
{
	std::vector<Epeck::Point_3> points;
	CGAL::Surface_mesh<Epeck::Point_3> mesh;

	for (int i = 0; i < 400; i++)
		points.push_back(Epeck::Point_3(Epeck::FT(uniform()) / 3, uniform(), uniform()));
	CGAL::convex_hull_3(points.begin(), points.end(), mesh);
	sink = mesh.number_of_vertices();
}

/* A grid is degenerate throughout: the predicates are in doubt, and filtered. */
static void delaunay()
{
	CGAL::Delaunay_triangulation_2<Epick> triangulation;

	for (int x = 0; x < 40; x++)
		for (int y = 0; y < 40; y++)
			triangulation.insert(Epick::Point_2(x * 0.1, y * 0.1));
	sink = triangulation.number_of_vertices();
}

/* Protected as a block, as the manual recommends; then a while in RN. */
static void interval()
{
	{
		CGAL::Interval_nt<false>::Protector protector;
		CGAL::Interval_nt<false> x(0.3);

		for (int i = 0; i < 100000; i++) {
			x = CGAL::Interval_nt<false>(3.7) * x * (CGAL::Interval_nt<false>(1) - x);
			if (x.sup() - x.inf() > 0.5)
				x = CGAL::Interval_nt<false>(0.3);
		}
		sink = x.sup();
	}
	for (int i = 0; i < 400000; i++)
		sink = std::sqrt(double(i));
}

int main(int argc, char **argv)
{
	void (*work)() = nullptr;

	if (argc == 2 && !std::strcmp(argv[1], "hull"))
		work = hull;
	else if (argc == 2 && !std::strcmp(argv[1], "delaunay"))
		work = delaunay;
	else if (argc == 2 && !std::strcmp(argv[1], "interval"))
		work = interval;
	if (!work) {
		std::fputs("usage: cgal hull|delaunay|interval\n", stderr);
		return 2;
	}
	for (;;)
		work();
}
