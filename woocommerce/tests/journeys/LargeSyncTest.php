<?php
/**
 * A catalogue of 5,000: within 100 requests in any minute, in less than 128 MB of PHP's memory, and on from where it was
 * after PHP was killed. It takes minutes, so it is a step of its own in woocommerce/tests/run.py.
 */

namespace Elmed\WooCommerce\Tests;

/** @group large */
final class LargeSyncTest extends JourneyCase {

	private const COUNT = 5000;

	public function test_5000_products(): void {
		Elmed::say( 'products_many', array( 'count' => self::COUNT, 'pharmacy' => self::$pharmacy['pharmacy_id'] ) );
		$since = Elmed::say( 'time' );
		$began = microtime( true );
		$sync  = SyncRun::start();
		self::until( static fn () => self::products() >= 800, 300 );
		$sync->kill();
		$found = SyncRun::further();
		$all   = microtime( true ) - $began;
		$again = SyncRun::whole();
		$most  = self::mostInAMinute( array_column( Elmed::say( 'calls', array( 'since' => $since ) ), 'at' ) );
		fwrite( STDERR, sprintf( "\nfirst sync of %d: %.0f s, %.0f MB; second: %.1f s, %.0f MB; at most %d requests in a minute\n", self::COUNT, $all, $found['memory'], $again['seconds'], $again['memory'], $most ) );

		$this->assertSame( array( 'done', self::COUNT ), array( $found['state'], self::products() ) );
		$this->assertSame( array( 'done', self::COUNT ), array( $again['state'], $again['counts']['unchanged'] ) );
		$this->assertLessThan( 128, $found['memory'] );
		$this->assertLessThan( 128, $again['memory'] );
		$this->assertLessThanOrEqual( 100, $most );
		$this->assertSame( '', Site::debugLog() );
	}

	private static function products(): int {
		global $wpdb;
		return (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->posts} WHERE post_type = 'product'" );
	}

	/** @param array<int, float> $times */
	private static function mostInAMinute( array $times ): int {
		sort( $times );
		$most = 0;
		foreach ( $times as $at => $time ) {
			$most = max( $most, count( array_filter( array_slice( $times, $at ), static fn ( $later ) => $later < $time + 60 ) ) );
		}
		return $most;
	}
}
