<?php
/**
 * A network of two sites, the plugin active in both: each has its own settings, key, products and jobs, and where the
 * plugin goes, it goes from both. Really written, by processes that stand in one site or the other.
 */

namespace Elmed\WooCommerce\Tests;

final class NetworkTest extends \PHPUnit\Framework\TestCase {

	private const FILE = 'elmed-for-woocommerce/elmed-for-woocommerce.php';
	private const SITES = array( '/', '/two/' );

	protected function setUp(): void {
		parent::setUp();
		$this->assertTrue( is_multisite() );
		Elmed::fine();
		foreach ( self::SITES as $path ) {
			self::in( $path, 'global $wpdb; $wpdb->query( "DELETE FROM {$wpdb->options} WHERE option_name LIKE \'%elmed%\'" ); $wpdb->query( "DELETE FROM {$wpdb->prefix}actionscheduler_actions" );' );
		}
	}

	public function test_the_plugin_is_active_in_each_site(): void {
		$this->assertTrue( is_plugin_active_for_network( self::FILE ) );
		foreach ( self::SITES as $path ) {
			$said = self::in( $path, 'echo json_encode( array( get_option( "home" ), Elmed\WooCommerce\Requirements::areMet(), false !== has_action( "elmed_sync_step" ) ) );' );
			$this->assertSame( array( untrailingslashit( Site::fact( 'url' ) . $path ), true, true ), json_decode( $said, true ) );
		}
	}

	public function test_a_second_site_has_its_own_key_and_syncs_its_own_products(): void {
		$pharmacy = Elmed::say( 'pharmacy' );
		$sku      = 'NET-' . strtoupper( bin2hex( random_bytes( 4 ) ) );
		Elmed::say( 'product', array( 'sku' => $sku, 'pharmacy' => $pharmacy['pharmacy_id'] ) );
		self::connect( '/two/', $pharmacy['key'] );
		self::in( '/two/', '( new Elmed\WooCommerce\Sync\Run() )->start( "manual" );' );
		$hooks = self::in( '/two/', 'echo implode( ",", array_map( fn( $job ) => $job->get_hook(), as_get_scheduled_actions( array( "group" => "elmed", "status" => "pending" ) ) ) );' );
		$this->assertStringContainsString( 'elmed_sync_step', $hooks );
		self::in( '/two/', 'for ( $step = 0; $step < 5 && Elmed\WooCommerce\Sync\RunState::load()->running(); $step++ ) { do_action( "elmed_sync_step" ); }' );

		$state = json_decode( self::in( '/two/', '$state = Elmed\WooCommerce\Sync\RunState::load(); echo json_encode( array( $state->state, $state->error, $state->counts["created"] ) );' ), true );
		$this->assertSame( array( 'done', '', 1 ), $state );
		$found = 'echo (int) wc_get_product_id_by_sku( "' . $sku . '" ) > 0 ? "there" : "not there", " ", get_option( "elmed_api_key", "no key" );';
		$this->assertSame( 'there ' . $pharmacy['key'], self::in( '/two/', $found ) );
		$this->assertSame( 'not there no key', self::in( '/', $found ) );
	}

	public function test_deactivated_for_the_network_it_leaves_no_job_in_any_site_and_the_keys(): void {
		$this->prepare();
		self::in( '/', 'deactivate_plugins( "' . self::FILE . '", false, true );' );
		$left = $this->left();
		self::in( '/', '$done = activate_plugin( "' . self::FILE . '", "", true ); echo is_wp_error( $done ) ? $done->get_error_message() : "";' );

		$this->assertSame( array( array( 'jobs' => 0, 'others' => 1, 'key' => 'elm_test' ), array( 'jobs' => 0, 'others' => 1, 'key' => 'elm_test' ) ), $left );
	}

	public function test_deactivated_for_the_network_nothing_on_prescription_is_for_sale_in_any_site(): void {
		$ids = array();
		foreach ( self::SITES as $path ) {
			$ids[] = (int) self::in( $path, '$made = new WC_Product_Simple(); $made->set_props( array( "name" => "A medicine", "regular_price" => "1", "status" => "publish" ) ); $made->update_meta_data( "_elmed_requires_prescription", "yes" ); echo $made->save();' );
		}
		$standing = static fn() => array_map( static fn( $path, $id ) => self::in( $path, "echo get_post_status( $id );" ), self::SITES, $ids );
		$this->assertSame( array( 'publish', 'publish' ), $standing() );
		self::in( '/', 'deactivate_plugins( "' . self::FILE . '", false, true );' );
		$off = $standing();
		self::in( '/', 'activate_plugin( "' . self::FILE . '", "", true );' );
		$standing(); // Any request of each site.

		$this->assertSame( array( 'draft', 'draft' ), $off );
		$this->assertSame( array( 'publish', 'publish' ), $standing() );
	}

	public function test_deactivated_in_one_site_the_other_keeps_its_jobs(): void {
		$this->prepare();
		self::in( '/two/', 'Elmed\WooCommerce\Plugin::deactivate( false );' );
		$this->assertSame( array( 1, 0 ), array_column( $this->left(), 'jobs' ) );
	}

	public function test_uninstalled_it_takes_keys_and_jobs_from_every_site(): void {
		$this->prepare();
		self::in( '/', 'deactivate_plugins( "' . self::FILE . '", true, true ); uninstall_plugin( "' . self::FILE . '" );' );
		$left = $this->left();
		self::in( '/', 'activate_plugin( "' . self::FILE . '", "", true );' );

		$this->assertSame( array( array( 'jobs' => 0, 'others' => 1, 'key' => '' ), array( 'jobs' => 0, 'others' => 1, 'key' => '' ) ), $left );
	}

	public function test_each_site_gets_its_turn_however_many_pages_there_are_and_its_own_prefix(): void {
		global $wpdb;
		$seen = array();
		add_filter( 'sites_pre_query', static fn( $none, $query ) => (int) $query->query_vars['offset'] < 300 ? array_fill( 0, 100, 2 ) : array( 1 ), 10, 2 );
		\Elmed\WooCommerce\Database\Sites::each( static function () use ( &$seen, $wpdb ) {
			$seen[] = $wpdb->prefix;
		} );
		remove_all_filters( 'sites_pre_query' );
		$this->assertSame( array( 'wp_2_' => 300, 'wp_' => 1 ), array_count_values( $seen ) );
		$this->assertFalse( ms_is_switched() );
	}

	/** A job, somebody else's job and a key in each site. */
	private function prepare(): void {
		foreach ( self::SITES as $path ) {
			self::connect( $path, 'elm_test' );
			self::in( $path, 'as_schedule_single_action( time() + 900, "elmed_sync_auto", array(), "elmed" ); as_schedule_single_action( time() + 900, "another_job", array(), "another" );' );
		}
		$this->assertSame( array( 1, 1 ), array_column( $this->left(), 'jobs' ) );
	}

	/** @return array<int, array<string, mixed>> What is pending and kept in each site. */
	private function left(): array {
		$ask = 'global $wpdb; $count = fn( $group ) => (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}actionscheduler_actions a JOIN {$wpdb->prefix}actionscheduler_groups g USING ( group_id ) WHERE status = \'pending\' AND slug = \'$group\'" );
			echo json_encode( array( "jobs" => $count( "elmed" ), "others" => $count( "another" ), "key" => get_option( "elmed_api_key", "" ) ) );';
		return array_map( static fn( $path ) => json_decode( self::in( $path, $ask ), true ), self::SITES );
	}

	private static function connect( string $path, string $key ): void {
		self::in( $path, 'update_option( "elmed_base_url", "' . Elmed::fact( 'url' ) . '" ); update_option( "elmed_api_key", "' . $key . '", false );' );
	}

	/** Runs PHP as a request to that site's wp-admin would, and gives what it printed. */
	private static function in( string $path, string $code ): string {
		return Process::run( 'require_once ABSPATH . "wp-admin/includes/admin.php"; wp_set_current_user( 1 ); ' . $code, '256M', $path );
	}
}
